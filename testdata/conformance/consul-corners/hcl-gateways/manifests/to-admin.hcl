Kind = "service-intentions"
Name = "admin"
Sources = [
  { Name = "edge" Action = "allow" },
]
