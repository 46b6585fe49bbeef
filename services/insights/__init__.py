"""What we learnt. Pure over tables; draws with altair."""
