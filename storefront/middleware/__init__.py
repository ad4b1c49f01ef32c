"""ASGI middleware around the storefront in `st.App`: what Streamlit's own answers lack."""

from .compression import CompressionMiddleware
from .headers import HeadersMiddleware
from .page_head import PageHeadMiddleware
from .shop_host import ShopHostMiddleware

__all__ = ["CompressionMiddleware", "HeadersMiddleware", "PageHeadMiddleware", "ShopHostMiddleware"]
