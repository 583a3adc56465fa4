"""What an outsider sees of `kmslab serve`, over moto or over the endpoint of KMSLAB_ENDPOINT."""
