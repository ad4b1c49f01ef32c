"""What an installation decides: settings, shops, the catalogue; and how it logs and counts."""
