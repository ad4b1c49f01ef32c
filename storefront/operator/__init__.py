"""What the operator's pages share: the door, the words, the charts."""
