"""What tests share: each piece of support code stands here once."""
