Kind = "service-intentions"
Name = "ledger"
Sources = [
  {
    Name = "night-shift"
    Permissions = [
      {
        Action = "allow"
        HTTP {
          PathPrefix = "/entries"
          Methods    = ["GET", "POST"]
        }
      }
    ]
  }
]
