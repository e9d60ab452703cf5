service {
  name  = "web"
  token = "3b9a1c7d-5e2f-4806-9c4b-8d7e6f5a4b3c" # deny(critical): a service's token
  connect {
    sidecar_service {}
  }
}
