"""What a test run tells: its record read strictly, and the JUnit and Cobertura files made from it."""
