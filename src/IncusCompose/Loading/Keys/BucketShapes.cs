using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Storage buckets and their keys.</summary>
internal static class BucketShapes
{
    // Source: Incus internal/server/storage/drivers/driver_common.go, ValidateBucketKey.
    private static ScalarShape<string> Role { get; } = Scalars.Choice(("read-only", "read-only"), ("admin", "admin"));

    private static ScalarShape<string> Credential(string wanted) => Scalars.Word(wanted);

    private static FormsShape<BucketKeyDefinition> Key { get; } = new()
    {
        Scalar = Role.Named((name, role) => new BucketKeyDefinition { Name = name, Role = role }),
        Mapping = new ObjectShape<BucketKeyDefinition>(name => new BucketKeyDefinition { Name = name })
            .Add("role", Role, "What it allows; `read-only` where the key is missing", (key, value) => key with { Role = value })
            .Add("description", Scalars.Text, "Free text for people", (key, value) => key with { Description = value })
            .Add("access_key", Credential("a variable such as `${ACCESS_KEY}`"), "What a program calls itself; the server's choice where the key is missing", (key, value) => key with { AccessKey = value })
            .Add("secret_key", Credential("a variable such as `${SECRET_KEY}`"), "What it proves that with, which is never shown; the server's choice where the key is missing", (key, value) => key with { SecretKey = value })
            .Foreign("name", "leave it out: a key is called what its key in the file says")
            .Foreign("access-key", "write `access_key`")
            .Foreign("secret-key", "write `secret_key`"),
    };

    /// <summary>A value of <c>buckets</c>.</summary>
    public static ObjectShape<BucketDefinition> Bucket { get; } = new ObjectShape<BucketDefinition>(name => new BucketDefinition { Name = name })
        .Add("pool", Scalars.Word("a storage pool's name"), "The storage pool that it lies on", (bucket, value) => bucket with { Pool = value })
        .Add("size", CommonShapes.Size, "The most that it may hold; no limit but the pool's where the key is missing", (bucket, value) => bucket with { Size = value })
        .Add("keys", new MapShape<BucketKeyDefinition>(Key, "app: {role: admin}"), "What lets programs use it, by name, or a role alone", (bucket, value) => bucket with { Keys = value })
        .Add("description", Scalars.Text, "Free text for people", (bucket, value) => bucket with { Description = value })
        .Add("config", CommonShapes.Config("user.owner: shop"), "Raw Incus bucket configuration; wins over the words above", (bucket, value) => bucket with { Config = value })
        .Add("external", Scalars.Boolean, "Whether the bucket must exist and is never changed", (bucket, value) => bucket with { External = value })
        .Foreign("name", "leave it out: a bucket is called what its key says");
}
