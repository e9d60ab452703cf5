# The one namespace that every Consul has is all of them.
namespace "default" {
  service_prefix "" {
    policy     = "write" # deny(high): whoever has a token with this policy may be any service of the mesh
    intentions = "write" # deny(high): may let anyone call any service
  }
}
