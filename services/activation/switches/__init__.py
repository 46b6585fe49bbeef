"""What switches sending off and on: pauses, the breaker, rate buckets."""
