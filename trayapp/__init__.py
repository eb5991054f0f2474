"""One click in the tray decides which language model every tool on this computer talks to."""
