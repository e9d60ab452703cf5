Kind = "mesh"
HTTP {
  Incoming {
    RequestNormalization {
      MergeSlashes = true
    }
  }
}
