"""What happens in a checkout, each flow written once."""
