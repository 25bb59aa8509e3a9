"""Values of the model as JSON and back."""
