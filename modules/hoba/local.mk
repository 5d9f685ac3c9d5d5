# filled with the hoba module
