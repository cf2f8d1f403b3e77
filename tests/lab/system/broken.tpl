# No such locale: cloud-init ends in error.
locale: xx_XX.UTF-8
