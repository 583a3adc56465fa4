"""A real account: each call is predicted and compared with AWS's answer."""
