# filled with the credentials module
