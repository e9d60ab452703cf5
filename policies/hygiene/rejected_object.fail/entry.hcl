Kind = "service-intentions"
Name = "web"
Sources = [
  {
    Name       = "cart"
    Action     = "allow"
    Permission = "deny" # deny(high): service-intentions has no field "Permission" here
  }
]
