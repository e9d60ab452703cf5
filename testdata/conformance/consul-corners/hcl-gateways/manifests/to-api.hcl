Kind = "service-intentions"
Name = "api"
Sources = [
  { Name = "edge" Action = "allow" },
]
