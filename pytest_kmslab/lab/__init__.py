"""The lab: what it makes, who acts in it, and how it is removed."""
