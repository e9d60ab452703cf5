Kind = "service-intentions"
Name = "shop-next"
Sources = [
  { Name = "batch", Action = "allow" }
]
