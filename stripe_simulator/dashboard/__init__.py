"""The dashboard at `/_simulator`."""
