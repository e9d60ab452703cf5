acl { default_policy = "allow" }
