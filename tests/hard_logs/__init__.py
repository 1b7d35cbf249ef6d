"""What hard logs are made of: lives of cases, what disturbs them, and lines that are bad."""
