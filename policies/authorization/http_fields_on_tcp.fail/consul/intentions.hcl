Kind = "service-intentions"
Name = "api"
Sources = [
  {
    Name = "web"
    Permissions = [
      { # deny: this rule lets nobody in to api:8080: TCP has no pathPrefix
        Action = "allow"
        HTTP { PathPrefix = "/" }
      },
    ]
  },
]
