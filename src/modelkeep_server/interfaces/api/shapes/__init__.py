"""The JSON of the API: camelCase outside, snake_case inside. Input refuses unknown fields."""
