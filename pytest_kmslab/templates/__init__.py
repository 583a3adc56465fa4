"""Templates of CloudFormation: read, held to its rules, their functions resolved. It calls nobody."""
