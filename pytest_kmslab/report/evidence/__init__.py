"""What a run leaves to be looked at: the report (HTML and JSON), the trail as CloudTrail's records, JUnit."""
