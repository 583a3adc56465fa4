"""Users, roles, groups and managed policies of a lab, and what they are made with."""
