"""Tools that we have no adapter for, and reports made elsewhere: SARIF, JUnit and Code Climate as findings."""
