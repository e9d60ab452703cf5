Kind = "service-intentions"
Name = "queue"
Sources = [{
  Name   = "web"
  Action = "deny"
  Permissions = [{
    Action = "deny"
    HTTP { PathPrefix = "/" }
  }]
}]
