Kind = "service-defaults"
Name = "api"
Expose {
  Paths = [
    {
      Path          = "/info"
      LocalPathPort = 8081
      ListenerPort  = 21501
    }
  ]
}
