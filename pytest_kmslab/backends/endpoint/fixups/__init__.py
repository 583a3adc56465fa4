"""What LocalStack and ministack drop or get wrong, put right."""
