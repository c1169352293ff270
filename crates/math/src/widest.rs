//! The same code compiled for wider vectors, chosen when it runs. For passes that compilers turn into vector instructions
//! by themselves; where they do not, intrinsics stand beside the pass.

/// Runs a pass with the widest vectors that the machine has.
macro_rules! widest {
    ($pass:ident($($name:ident: $kind:ty),*) -> $result:ty) => {{
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
            fn with_avx512($($name: $kind),*) -> $result {
                $pass($($name),*)
            }
            #[target_feature(enable = "avx2")]
            fn with_avx2($($name: $kind),*) -> $result {
                $pass($($name),*)
            }
            if is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vl") {
                // SAFETY: the machine has the instructions; those named imply AVX-512F.
                return unsafe { with_avx512($($name),*) };
            }
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the machine has the instructions.
                return unsafe { with_avx2($($name),*) };
            }
        }
        $pass($($name),*)
    }};
}

pub(crate) use widest;
