"""The only folder that imports Qt. It draws the values of ``trayapp.ui`` and repeats what was clicked."""
