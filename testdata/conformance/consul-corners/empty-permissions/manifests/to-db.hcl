Kind = "service-intentions"
Name = "db"
Sources = [
  {
    Name        = "web"
    Action      = "allow"
    Permissions = []
  },
  {
    Name = "cron"
    Permissions = [
      {
        Action = "allow"
        HTTP { PathPrefix = "/" }
      }
    ]
  }
]
