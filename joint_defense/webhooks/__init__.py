"""What the carrier calls: voice, SMS, status. They check and hand on; no rule lives here."""
