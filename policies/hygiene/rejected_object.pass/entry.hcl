Kind = "service-intentions"
Name = "web"
Meta = { owner = "shop" }
Sources = [
  {
    name            = "cart"
    action          = "allow"
    legacy_id       = "5f3b2d1e-0000-0000-0000-000000000000"
    sameness_group  = ""
  }
]
