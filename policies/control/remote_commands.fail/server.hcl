server               = true
enable_script_checks = true # deny(critical): whoever may register a service makes its agent run programs
disable_remote_exec  = false # deny(critical): whoever may write a key makes every agent run programs
