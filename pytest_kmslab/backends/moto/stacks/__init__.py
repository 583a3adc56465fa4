"""CloudFormation on moto: what a template makes is made by API calls, each decided like any other.

moto's own models write a template's properties into its objects as they stand, and drop what they do not
know. Here a resource of an enforced service is made, changed and deleted as CloudFormation's resource
handlers do it: by calls of that service in the name of whoever called CloudFormation.
"""
