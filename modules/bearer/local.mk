# filled with the bearer module
