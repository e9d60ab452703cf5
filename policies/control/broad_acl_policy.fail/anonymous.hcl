service_prefix "" {
  policy = "write" # deny(critical): everyone, without a token, may be any service of the mesh
}
