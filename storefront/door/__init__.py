"""The door: where operators let people in, with the shop's answer or by a list that the browser keeps."""
