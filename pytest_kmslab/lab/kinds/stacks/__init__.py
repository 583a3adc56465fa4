"""CloudFormation stacks of a lab: made, compared with their templates, removed with what they retain."""
