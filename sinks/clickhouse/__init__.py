"""The warehouse: its tables and views as numbered SQL, and the way of records into them."""
