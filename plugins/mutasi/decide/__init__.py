"""What people decide about proposals, and how a decision reaches the next plan."""
