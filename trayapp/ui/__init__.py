"""What is shown, as data: decided here without Qt, drawn by ``trayapp.qt``, which decides nothing."""
