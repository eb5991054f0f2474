"""What tests stand on: fake time, guards, scripted servers, a private desktop."""
