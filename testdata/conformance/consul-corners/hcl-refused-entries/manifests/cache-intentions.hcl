Kind = "service-intentions"
Name = "cache"
Sources = [{
  Name = "web"
  Permissions = [{
    Action = "deny"
    HTTP { PathPrefix = "/" }
  }]
}]
