"""KMS as AWS answers it, on moto's own key objects: what moto lacks or does otherwise."""
